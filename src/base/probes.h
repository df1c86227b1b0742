// Static tracepoints: the kernel's tracepoints of kmem under its names and with its arguments, as systemtap's probes
// (provider kmem), and kslab's own (kslab(7), TRACING). One costs a nop until something is attached: arguments are what is
// at hand in registers and memory. malloc's and free's fast paths have none.
//
// Without <sys/sdt.h> (package systemtap-sdt-dev) at build time there are no probes.
#pragma once

#if defined(__has_include) && !defined(KSLAB_NO_PROBES)
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define KSLAB_PROBES 1
#endif
#endif

#if defined(KSLAB_PROBES)
#define KSLAB_PROBE2(name, a, b) DTRACE_PROBE2(kmem, name, a, b)
#define KSLAB_PROBE3(name, a, b, c) DTRACE_PROBE3(kmem, name, a, b, c)
#define KSLAB_PROBE4(name, a, b, c, d) DTRACE_PROBE4(kmem, name, a, b, c, d)
#define KSLAB_PROBE5(name, a, b, c, d, e) DTRACE_PROBE5(kmem, name, a, b, c, d, e)
#define KSLAB_PROBE6(name, a, b, c, d, e, f) DTRACE_PROBE6(kmem, name, a, b, c, d, e, f)
#else
#define KSLAB_PROBE2(name, a, b) static_cast<void>(0)
#define KSLAB_PROBE3(name, a, b, c) static_cast<void>(0)
#define KSLAB_PROBE4(name, a, b, c, d) static_cast<void>(0)
#define KSLAB_PROBE5(name, a, b, c, d, e) static_cast<void>(0)
#define KSLAB_PROBE6(name, a, b, c, d, e, f) static_cast<void>(0)
#endif
