/*
 * Addresses of the internet in text, and ranges of them: "192.0.2.7", "192.0.2.0/24",
 * "2001:db8::/32". An IPv4 address that is written within an IPv6 one (::ffff:192.0.2.7) is the
 * IPv4 address.
 */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <stdbool.h>

/* Is it an address, or a range with a length that such an address has? */
bool net_is_range(const char *range);

/* Is the address one of the range? False when either of them is none. */
bool net_range_has(const char *range, const char *address);

#endif
