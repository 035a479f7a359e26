/*
 * Which addresses a stranger's URL may lead us to (security.md 8): by the address itself, after the
 * name was resolved, so that no name can stand for something else.
 */
#ifndef GATEWAY_REACH_H
#define GATEWAY_REACH_H

#include <stdbool.h>
#include <sys/socket.h>

enum reach {
    REACH_PUBLIC,   /* anybody's, on the internet */
    REACH_LOOPBACK, /* this machine */
    REACH_PRIVATE,  /* this network: private, link-local, carrier-grade NAT, unique local */
    REACH_NEVER     /* nobody's to talk to: unspecified, multicast, reserved, documentation */
};

/* By the registries of IANA for special-purpose addresses (RFC 6890). An IPv4 address within an
 * IPv6 one (mapped, NAT64, 6to4) counts as itself; what is neither IPv4 nor IPv6 is NEVER. */
enum reach reach_of(const struct sockaddr *address);

/* The same for an address in text, without brackets; a zone ("%eth0") is left aside. NEVER when it
 * is none. */
enum reach reach_of_text(const char *address);

/* "the internet", "this machine", "a private network", "an address that nobody has". */
const char *reach_name(enum reach reach);

#endif
