/* Which messages may become one. See plan/merge.h. */
#include "plan/merge.h"

bool plan_may_merge(const struct rule *r, enum channel c)
{
    return r->merge_ms > 0 && r->to == TO_CLIENT && c != CHANNEL_TASK &&
           !(r->invite && c == CHANNEL_EMAIL);
}

int64_t plan_merge_until(const struct rule *r, int64_t now_ms)
{
    return now_ms + r->merge_ms;
}

bool plan_merges(const struct rule *leader, const struct rule *other, int64_t now_ms,
                 int64_t due_ms)
{
    int64_t span_ms = leader->merge_ms < other->merge_ms ? leader->merge_ms : other->merge_ms;

    if (leader->purpose != other->purpose || leader->capped != other->capped)
        return false;
    if (due_ms <= now_ms)
        return true;
    return due_ms - now_ms <= span_ms && other->settle_ms == 0;
}
