/* Threads. See base/thread.h. A new thread inherits the mask of the one that starts it. */
#include "base/thread.h"

#include <signal.h>
#include <string.h>

int thread_start(pthread_t *thread, void *(*main)(void *arg), void *arg, const char *what,
                 struct err *err)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, NULL, main, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        return 0;
    if (err != NULL)
        err_set(err, "start %s's thread: %s", what, strerror(rc));
    return ERR_IO;
}
