/* How many messages one person may send from the page. See web/allowance.h. */
#include "web/allowance.h"

#include <stdio.h>

#include "store/users.h"

static const struct {
    const char *action;
    int64_t most;
} allowances[] = {
    [ALLOWANCE_TESTS] = {"send test", ALLOWANCE_TESTS_MAX},
    [ALLOWANCE_WRITTEN] = {"message written", ALLOWANCE_WRITTEN_MAX},
};

const char *allowance_action(enum allowance a)
{
    return allowances[a].action;
}

/* Pages are made one after another: nobody sends between the question and the deed. */
int allowance_ask(struct visit *v, enum allowance a, bool *may, char clock[ALLOWANCE_CLOCK_MAX])
{
    int64_t at_ms;
    struct civil c;
    int rc = store_audit_when(v->store, v->login.user.name, allowances[a].action,
                              allowances[a].most, &at_ms);

    /* Under a clock that was set back what it says lies ahead: it counts as of now. */
    if (at_ms > v->now_ms)
        at_ms = v->now_ms;
    int64_t next_ms = at_ms + ALLOWANCE_MS;
    *may = rc == 0 && next_ms <= v->now_ms;
    if (rc != 0 || *may)
        return rc;
    zone_to_civil(v->site->zone, next_ms + 60000 - 1, &c); /* when the minute is over, for sure */
    snprintf(clock, ALLOWANCE_CLOCK_MAX, "%02d:%02d", c.hour % 24, c.minute % 60);
    v->response->status = 429;
    v->response->retry_after_s = (int)((next_ms - v->now_ms + 999) / 1000);
    return 0;
}
