/*
 * Waiting for the disk. See store/syncer.h.
 *
 *     IDLE -> ASKED -> DONE -> IDLE
 *
 * ASKED by syncer_start, DONE by the thread, IDLE again by syncer_wait. Where no thread can be had
 * syncer_wait does the work itself.
 */
#include "store/syncer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"

enum syncer_state { SYNCER_IDLE, SYNCER_ASKED, SYNCER_DONE, SYNCER_ENDING };

struct syncer {
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum syncer_state state;
    int fd;
    bool fine;
};

static void *sync_main(void *arg)
{
    struct syncer *s = arg;

    pthread_mutex_lock(&s->lock);
    while (s->state != SYNCER_ENDING) {
        if (s->state != SYNCER_ASKED) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        bool fine = fdatasync(s->fd) == 0;
        pthread_mutex_lock(&s->lock);
        s->fine = fine;
        s->state = SYNCER_DONE;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct syncer *syncer_create(void)
{
    struct syncer *s = mem_zalloc(sizeof(*s));

    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    return s;
}

static void move(struct syncer *s, enum syncer_state to)
{
    pthread_mutex_lock(&s->lock);
    s->state = to;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void syncer_free(struct syncer *s)
{
    if (s == NULL)
        return;
    if (s->state != SYNCER_IDLE)
        syncer_wait(s);
    if (s->threaded) {
        move(s, SYNCER_ENDING);
        pthread_join(s->thread, NULL);
    }
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void syncer_start(struct syncer *s, int fd)
{
    assert(s->state == SYNCER_IDLE);
    s->fd = fd;
    if (!s->threaded)
        s->threaded = thread_start(&s->thread, sync_main, s, "the syncer", NULL) == 0;
    if (s->threaded)
        move(s, SYNCER_ASKED);
}

bool syncer_wait(struct syncer *s)
{
    if (!s->threaded)
        return fdatasync(s->fd) == 0;
    pthread_mutex_lock(&s->lock);
    while (s->state == SYNCER_ASKED)
        pthread_cond_wait(&s->changed, &s->lock);
    s->state = SYNCER_IDLE;
    bool fine = s->fine;
    pthread_mutex_unlock(&s->lock);
    return fine;
}
