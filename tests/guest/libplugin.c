/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libplugin.so: a shared library that the victim loads with dlopen(); its TLS is dynamic. */
__thread long plugin_tls_number = 9001;
int plugin_state[4] = { 11, 22, 33, 44 };

/* Set this thread's copy and say where it is. */
long *plugin_thread(int number)
{
	plugin_tls_number = 9000 + number;
	return &plugin_tls_number;
}
