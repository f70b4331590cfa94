# What gdb shows of the core of tests/guest/victim-threads.c; tests/capture/look reads it.
set pagination off
set width 0
info threads
thread apply all -ascending bt -frame-arguments scalars
thread apply all -ascending -q printf "TLS %d: exe %d %ld \"%s\" lib %ld \"%s\" plugin %ld\n", $_thread, exe_tls_number, exe_tls_zero, exe_tls_text, lib_tls_number, lib_tls_text, plugin_tls_number
thread apply all -ascending -q printf "REGISTERS %d: rbx %lx r12 %lx r15 %lx\n", $_thread, $rbx, $r12, $r15
set $node = list_head
set $nr = 0
while $node
  printf "NODE %d: index %d value %ld text \"%s\"\n", $nr, $node->index, $node->value, $node->text
  set $nr = $nr + 1
  set $node = $node->next
end
printf "LIST of %d nodes\n", $nr
