# SPDX-License-Identifier: GPL-2.0-or-later
# A Python program of three threads, deep in calls, with data in lists and dictionaries.
import os
import threading
import time

data = {"number %d" % i: list(range(i % 50)) for i in range(2000)}
started = threading.Barrier(3)


def deep(level):
    if level:
        return deep(level - 1) + 1
    started.wait()
    time.sleep(1000000)
    return 0


for n in (5, 20):
    threading.Thread(target=deep, args=(n,), daemon=True).start()
started.wait()
time.sleep(0.5)
os.makedirs("/run/ready", exist_ok=True)
with open("/run/ready/.python3", "w") as f:
    f.write("pid=%d\n" % os.getpid())
os.rename("/run/ready/.python3", "/run/ready/python3")
time.sleep(1000000)
