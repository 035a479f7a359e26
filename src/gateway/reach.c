/*
 * Addresses by their prefix: the first row that fits counts. IPv6 is public only in 2000::/3, and
 * not in what is set aside there; all else, assigned or not, is not for us.
 */
#include "gateway/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct four {
    uint32_t prefix;
    unsigned bits;
    enum reach reach;
};

static const struct four fours[] = {
    {0x00000000, 8, REACH_NEVER},    /* 0.0.0.0/8: this host, on Linux */
    {0x0a000000, 8, REACH_PRIVATE},  /* 10.0.0.0/8 */
    {0x64400000, 10, REACH_PRIVATE}, /* 100.64.0.0/10: carrier-grade NAT */
    {0x7f000000, 8, REACH_LOOPBACK}, /* 127.0.0.0/8 */
    {0xa9fe0000, 16, REACH_PRIVATE}, /* 169.254.0.0/16: link-local, and the metadata of clouds */
    {0xac100000, 12, REACH_PRIVATE}, /* 172.16.0.0/12 */
    {0xc0000000, 24, REACH_NEVER},   /* 192.0.0.0/24: protocol assignments */
    {0xc0000200, 24, REACH_NEVER},   /* 192.0.2.0/24: documentation */
    {0xc0586300, 24, REACH_NEVER},   /* 192.88.99.0/24: 6to4 relays */
    {0xc0a80000, 16, REACH_PRIVATE}, /* 192.168.0.0/16 */
    {0xc6120000, 15, REACH_PRIVATE}, /* 198.18.0.0/15: benchmarks within a network */
    {0xc6336400, 24, REACH_NEVER},   /* 198.51.100.0/24: documentation */
    {0xcb007100, 24, REACH_NEVER},   /* 203.0.113.0/24: documentation */
    {0xe0000000, 4, REACH_NEVER},    /* 224.0.0.0/4: multicast */
    {0xf0000000, 4, REACH_NEVER},    /* 240.0.0.0/4: reserved, broadcast */
};

#define WITHIN_NONE (-1)

struct six {
    uint8_t prefix[16];
    unsigned bits;
    enum reach reach;
    int within; /* at which byte an IPv4 address stands that counts instead */
};

static const struct six sixes[] = {
    {{[10] = 0xff, 0xff}, 96, REACH_NEVER, 12},                             /* ::ffff:0:0/96 */
    {{0x00, 0x64, 0xff, 0x9b}, 96, REACH_NEVER, 12},                        /* 64:ff9b::/96 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, REACH_PRIVATE, WITHIN_NONE}, /* local NAT64 */
    {{[15] = 1}, 128, REACH_LOOPBACK, WITHIN_NONE},                         /* ::1 */
    {{0xfc}, 7, REACH_PRIVATE, WITHIN_NONE},                                /* unique local */
    {{0xfe, 0x80}, 10, REACH_PRIVATE, WITHIN_NONE},                         /* link-local */
    {{0xfe, 0xc0}, 10, REACH_PRIVATE, WITHIN_NONE},                         /* site-local, once */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, REACH_NEVER, WITHIN_NONE},               /* documentation */
    {{0x20, 0x01}, 23, REACH_NEVER, WITHIN_NONE},                           /* Teredo, ORCHID */
    {{0x20, 0x02}, 16, REACH_NEVER, 2},                                     /* 6to4 */
    {{0x3f, 0xff}, 20, REACH_NEVER, WITHIN_NONE},                           /* documentation */
    {{0x20}, 3, REACH_PUBLIC, WITHIN_NONE},                                 /* 2000::/3 */
};

static enum reach reach_of_four(uint32_t address)
{
    for (size_t i = 0; i < sizeof(fours) / sizeof(*fours); i++)
        if ((address ^ fours[i].prefix) >> (32 - fours[i].bits) == 0)
            return fours[i].reach;
    return REACH_PUBLIC;
}

static bool begins(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(address, prefix, whole) == 0 &&
           (rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0);
}

static enum reach reach_of_six(const uint8_t *address)
{
    for (size_t i = 0; i < sizeof(sixes) / sizeof(*sixes); i++) {
        uint32_t four;
        if (!begins(address, sixes[i].prefix, sixes[i].bits))
            continue;
        if (sixes[i].within == WITHIN_NONE)
            return sixes[i].reach;
        memcpy(&four, address + sixes[i].within, sizeof(four));
        return reach_of_four(ntohl(four));
    }
    return REACH_NEVER;
}

enum reach reach_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return reach_of_four(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        return reach_of_six(in6.sin6_addr.s6_addr);
    }
    return REACH_NEVER;
}

enum reach reach_of_text(const char *address)
{
    char bare[INET6_ADDRSTRLEN];
    size_t n = strcspn(address, "%");
    struct in6_addr six;
    struct in_addr four;

    if (n >= sizeof(bare))
        return REACH_NEVER;
    memcpy(bare, address, n);
    bare[n] = '\0';
    if (inet_pton(AF_INET, bare, &four) == 1)
        return reach_of_four(ntohl(four.s_addr));
    if (inet_pton(AF_INET6, bare, &six) == 1)
        return reach_of_six(six.s6_addr);
    return REACH_NEVER;
}

const char *reach_name(enum reach reach)
{
    static const char *const names[] = {
        [REACH_PUBLIC] = "the internet",
        [REACH_LOOPBACK] = "this machine",
        [REACH_PRIVATE] = "a private network",
        [REACH_NEVER] = "an address that nobody has",
    };

    return names[reach];
}
