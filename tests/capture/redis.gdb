# What gdb shows of the core of Debian's redis-server, which has no debug information.
set pagination off
set width 0
info threads
thread apply all -ascending bt
