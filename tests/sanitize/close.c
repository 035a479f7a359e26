/*
 * For `make SANITIZE=thread`, in every program: libuv closes descriptors by syscall(SYS_close),
 * which ThreadSanitizer does not see. It would take the next descriptor of the same number for the
 * old one, and report a race between whoever used that and whoever closes this. Here the call
 * goes the way on which it is seen; all others go on to the C library.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARGUMENTS_MAX 6

typedef long syscall_fn(long number, ...);

long syscall(long number, ...)
{
    syscall_fn *real = (syscall_fn *)dlsym(RTLD_NEXT, "syscall");
    long a[ARGUMENTS_MAX];
    va_list ap;

    /* However many were given: those behind them are of no meaning to the kernel. */
    va_start(ap, number);
    for (int i = 0; i < ARGUMENTS_MAX; i++)
        a[i] = va_arg(ap, long);
    va_end(ap);
    return number == SYS_close ? close((int)a[0])
                               : real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
