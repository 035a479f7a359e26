/*
 * A thread for one thing. See store/beside.h.
 *
 *     IDLE -> ASKED -> IDLE
 *
 * ASKED by beside_start, IDLE again by the thread.
 */
#include "store/beside.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/thread.h"

enum beside_state { BESIDE_IDLE, BESIDE_ASKED, BESIDE_ENDING };

struct beside {
    bool (*work)(void *arg);
    void *arg;
    const char *what;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum beside_state state;
    bool fine;
};

static void *beside_main(void *arg)
{
    struct beside *b = arg;

    pthread_mutex_lock(&b->lock);
    while (b->state != BESIDE_ENDING) {
        if (b->state != BESIDE_ASKED) {
            pthread_cond_wait(&b->changed, &b->lock);
            continue;
        }
        pthread_mutex_unlock(&b->lock);
        bool fine = b->work(b->arg);
        pthread_mutex_lock(&b->lock);
        b->fine = fine;
        b->state = BESIDE_IDLE;
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

struct beside *beside_create(bool (*work)(void *arg), void *arg, const char *what)
{
    struct beside *b = mem_zalloc(sizeof(*b));

    b->work = work;
    b->arg = arg;
    b->what = what;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    return b;
}

static void move(struct beside *b, enum beside_state to)
{
    pthread_mutex_lock(&b->lock);
    b->state = to;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void beside_free(struct beside *b)
{
    if (b == NULL)
        return;
    beside_wait(b);
    if (b->threaded) {
        move(b, BESIDE_ENDING);
        pthread_join(b->thread, NULL);
    }
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

void beside_start(struct beside *b)
{
    assert(!beside_busy(b));
    if (!b->threaded)
        b->threaded = thread_start(&b->thread, beside_main, b, b->what, NULL) == 0;
    if (b->threaded)
        move(b, BESIDE_ASKED);
    else
        b->fine = b->work(b->arg);
}

bool beside_busy(struct beside *b)
{
    pthread_mutex_lock(&b->lock);
    bool busy = b->state == BESIDE_ASKED;
    pthread_mutex_unlock(&b->lock);
    return busy;
}

bool beside_wait(struct beside *b)
{
    pthread_mutex_lock(&b->lock);
    while (b->state == BESIDE_ASKED)
        pthread_cond_wait(&b->changed, &b->lock);
    bool fine = b->fine;
    pthread_mutex_unlock(&b->lock);
    return fine;
}
