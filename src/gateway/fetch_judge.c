/* What the answer to a fetch means that was no success, in words for a person. */
#include "gateway/fetch.h"

int fetch_judge(const struct fetch_reply *reply, struct err *err)
{
    static const struct {
        int status, rc;
        const char *words;
    } known[] = {
        {401, ERR_READONLY, "%s does not let us in (401): see `user` and `password-file`"},
        {403, ERR_READONLY, "%s forbids it (403): see what this user may do there"},
        {404, ERR_NOTFOUND, "%s has nothing at this address (404): see `url`"},
        {405, ERR_READONLY, "%s does not do this at this address (405): see `url`"},
        {410, ERR_NOTFOUND, "%s says that this address is gone for good (410): see `url`"},
        {412, ERR_EXISTS, "somebody has changed it at %s in the meantime (412)"},
        {429, ERR_BUSY, "%s asks us to come less often (429)"},
        {503, ERR_BUSY, "%s is busy (503)"},
        {507, ERR_IO, "%s has no room left (507)"},
    };

    if (reply->status == 0) {
        err_set(err, "%s", reply->error);
        return reply->rc;
    }
    if (reply->status / 100 == 2 || reply->status == 304)
        return 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (known[i].status == reply->status) {
            err_set(err, known[i].words, reply->host);
            return known[i].rc;
        }
    }
    err_set(err, "%s answers with status %d", reply->host, reply->status);
    return ERR_IO;
}
