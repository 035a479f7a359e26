/* Limits and deadlines of connections. See web/connections.h. */
#include "web/connections.h"

#include <string.h>

/* libmicrohttpd notices and closes it; the descriptor is its. */
static void end(struct connection *one)
{
    one->ended = true;
    shutdown(one->fd, SHUT_RDWR);
}

static bool goes_before(const struct connection *a, const struct connection *b)
{
    bool a_idle = a->phase == PHASE_HEAD, b_idle = b->phase == PHASE_HEAD;

    return a_idle != b_idle ? a_idle : a->since_ms < b->since_ms;
}

/* Of this address, or of any (NULL): how many, and who would go first. */
static size_t look(const struct connections *c, const char *address, struct connection **out)
{
    size_t count = 0;

    *out = NULL;
    for (struct connection *one = c->first; one != NULL; one = one->next) {
        if (one->ended || (address != NULL && strcmp(one->address, address) != 0))
            continue;
        count++;
        if (one->phase != PHASE_WORK && (*out == NULL || goes_before(one, *out)))
            *out = one;
    }
    return count;
}

bool connections_admit(struct connections *c, const struct sockaddr *from)
{
    char address[ADDRESS_TEXT_MAX];
    struct connection *first;

    address_text(from, address);
    if (look(c, address, &first) >= CONNECTIONS_OF_ADDRESS_MAX) {
        if (first == NULL)
            return false;
        end(first);
    }
    if (look(c, NULL, &first) >= CONNECTIONS_MAX) {
        if (first == NULL)
            return false;
        end(first);
    }
    return true;
}

void connections_add(struct connections *c, struct connection *one, int fd,
                     const struct sockaddr *from, int64_t now_ms)
{
    *one = (struct connection){.fd = fd, .since_ms = now_ms, .next = c->first};
    address_text(from, one->address);
    if (c->first != NULL)
        c->first->previous = one;
    c->first = one;
}

void connections_remove(struct connections *c, struct connection *one)
{
    if (one->previous != NULL)
        one->previous->next = one->next;
    else
        c->first = one->next;
    if (one->next != NULL)
        one->next->previous = one->previous;
}

void connection_enter(struct connection *one, enum phase phase, int64_t now_ms)
{
    one->phase = phase;
    one->since_ms = now_ms;
}

void connections_expire(struct connections *c, int64_t now_ms)
{
    static const int64_t limits_ms[] = {
        [PHASE_HEAD] = HEAD_MS,
        [PHASE_BODY] = BODY_MS,
        [PHASE_ANSWER] = ANSWER_MS,
        [PHASE_WORK] = INT64_MAX,
    };

    for (struct connection *one = c->first; one != NULL; one = one->next)
        if (!one->ended && now_ms - one->since_ms >= limits_ms[one->phase])
            end(one);
}
