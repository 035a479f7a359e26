/* Where the page listens. See web/listen.h. */
#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define BACKLOG 128

static bool set(const char *host, int port, struct listen_address *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->address;

    *out = (struct listen_address){.length = sizeof(*v4)};
    if (host[0] == '\0' || str_ieq(host, "localhost"))
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return true;
    }
    memset(&out->address, 0, sizeof(out->address));
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    out->length = sizeof(*v6);
    return true;
}

int listen_parse(const char *text, struct listen_address *out, struct err *err)
{
    char *copy = mem_strdup(text);
    char *host = copy, *port = strrchr(copy, ':');
    int64_t number = 0;
    bool fine;

    if (port == NULL) {
        port = copy;
        host = copy + strlen(copy); /* a port alone */
    } else {
        *port++ = '\0';
        size_t len = strlen(host);
        if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
            host[len - 1] = '\0';
            host++;
        } else if (strchr(host, ':') != NULL) {
            port = host + len; /* IPv6 without brackets: nobody can tell its port */
        }
    }
    fine = str_to_int(port, 1, 65535, &number) && set(host, (int)number, out);
    free(copy);
    if (fine)
        return 0;
    err_set(err, "`%s` is no address and port; write `127.0.0.1:8080` or `[::1]:8080`", text);
    return ERR_INVALID;
}

int listen_open(const struct listen_address *a, struct err *err)
{
    char text[ADDRESS_TEXT_MAX];
    int port = ntohs(a->address.ss_family == AF_INET
                         ? ((const struct sockaddr_in *)&a->address)->sin_port
                         : ((const struct sockaddr_in6 *)&a->address)->sin6_port);
    int on = 1;
    int fd = socket(a->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (a->address.ss_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
        bind(fd, (const struct sockaddr *)&a->address, a->length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int rc = errno;
    if (fd >= 0)
        close(fd);
    address_text((const struct sockaddr *)&a->address, text);
    rc = err_errno(err, rc, "listen at %s, port %d", text, port);
    return rc;
}

/* An IPv4 address that came by an IPv6 socket is told as what it is. */
static const struct in_addr *mapped(const struct sockaddr_in6 *a)
{
    return IN6_IS_ADDR_V4MAPPED(&a->sin6_addr)
               ? (const struct in_addr *)(const void *)&a->sin6_addr.s6_addr[12]
               : NULL;
}

void address_text(const struct sockaddr *a, char out[ADDRESS_TEXT_MAX])
{
    const struct in_addr *v4 = NULL;

    snprintf(out, ADDRESS_TEXT_MAX, "?");
    if (a->sa_family == AF_INET)
        v4 = &((const struct sockaddr_in *)a)->sin_addr;
    else if (a->sa_family == AF_INET6)
        v4 = mapped((const struct sockaddr_in6 *)a);
    if (v4 != NULL)
        inet_ntop(AF_INET, v4, out, ADDRESS_TEXT_MAX);
    else if (a->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, out, ADDRESS_TEXT_MAX);
}

bool address_is_loopback(const struct sockaddr *a)
{
    const struct in_addr *v4 = NULL;

    if (a->sa_family == AF_INET)
        v4 = &((const struct sockaddr_in *)a)->sin_addr;
    else if (a->sa_family == AF_INET6)
        v4 = mapped((const struct sockaddr_in6 *)a);
    if (v4 != NULL)
        return ntohl(v4->s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}
