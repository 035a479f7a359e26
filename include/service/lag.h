/*
 * How long the loop went without listening: the time that a request, a signal or another program's
 * commit may have had to wait because the service was busy with something.
 */
#ifndef SERVICE_LAG_H
#define SERVICE_LAG_H

#include <stdint.h>
#include <uv.h>

struct lag {
    uv_check_t check;
    uv_prepare_t prepare;
    int64_t since_us;   /* when the work of this round began; 0: there was none yet */
    int64_t longest_us; /* of all rounds since the start */
};

/* Watch `loop` from now on. `l` must stay where it is until the loop has let go of it. */
void lag_start(struct lag *l, uv_loop_t *loop);

/* Watch no more; before the loop can end. */
void lag_stop(struct lag *l);

#endif
