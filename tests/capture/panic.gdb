# What gdb shows of the core of tests/guest/victim-panic.c, which panicked the kernel.
set pagination off
set width 0
bt
print panic_reason
