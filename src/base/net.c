/* Ranges of addresses. See base/net.h. */
#include "base/net.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define FOUR_BITS 32
#define SIX_BITS 128

/* An address as the first bits of a number: IPv4 with 32 of them, IPv6 with 128. */
struct net_address {
    uint8_t bytes[SIX_BITS / 8];
    unsigned bits;
};

static bool read_address(const char *text, struct net_address *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

    *out = (struct net_address){.bits = FOUR_BITS};
    if (inet_pton(AF_INET, text, out->bytes) == 1)
        return true;
    if (inet_pton(AF_INET6, text, out->bytes) != 1)
        return false;
    out->bits = SIX_BITS;
    if (memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
        memmove(out->bytes, out->bytes + sizeof(mapped), FOUR_BITS / 8);
        out->bits = FOUR_BITS;
    }
    return true;
}

/* ADDRESS or ADDRESS/LENGTH: the address, and how many of its bits count. */
static bool read_range(const char *range, struct net_address *out, unsigned *bits)
{
    char text[INET6_ADDRSTRLEN];
    size_t len = strcspn(range, "/");
    int64_t length;

    if (len >= sizeof(text))
        return false;
    memcpy(text, range, len);
    text[len] = '\0';
    if (!read_address(text, out))
        return false;
    *bits = out->bits;
    if (range[len] == '\0')
        return true;
    if (!str_to_int(range + len + 1, 0, out->bits, &length))
        return false;
    *bits = (unsigned)length;
    return true;
}

bool net_is_range(const char *range)
{
    struct net_address first;
    unsigned bits;

    return read_range(range, &first, &bits);
}

bool net_range_has(const char *range, const char *address)
{
    struct net_address first, a;
    unsigned bits;

    if (!read_range(range, &first, &bits) || !read_address(address, &a) || a.bits != first.bits)
        return false;
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(a.bytes, first.bytes, whole) == 0 &&
           (rest == 0 || (a.bytes[whole] ^ first.bytes[whole]) >> (8 - rest) == 0);
}
