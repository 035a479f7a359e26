/*
 * A mail server that takes everything and says when it came.
 *
 *     sink PORT DELAY_MS FILE
 *
 * Listens on 127.0.0.1 and throws the mails away. To each it answers DELAY_MS after its final dot,
 * as a relay does that writes it down first; connections do not wait for each other. As the dot
 * comes it appends a line to FILE: the microseconds since 1970, a blank, the recipient. Runs until
 * it is killed. (Postfix's smtp-sink knows whole seconds of delay only, and no stamps.)
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"

#define LINE_MAX_BYTES 1024
#define BACKLOG 1000
#define READ_BYTES 65536

static int delay_ms, file;

struct client {
    uv_tcp_t tcp;
    uv_timer_t delay;
    int open; /* of these two */
    bool in_data;
    const char *expected; /* of END, what is still missing */
    char line[LINE_MAX_BYTES], to[LINE_MAX_BYTES];
    size_t len;
};

static const char END[] = "\r\n.\r\n";

static void closed_cb(uv_handle_t *h)
{
    struct client *c = h->data;

    if (--c->open == 0)
        free(c);
}

static void end(struct client *c)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    uv_close((uv_handle_t *)&c->tcp, closed_cb);
    uv_close((uv_handle_t *)&c->delay, closed_cb);
}

static void say(struct client *c, const char *words)
{
    uv_buf_t b = uv_buf_init((char *)words, (unsigned)strlen(words));

    if (uv_try_write((uv_stream_t *)&c->tcp, &b, 1) != (int)b.len) /* nobody reads our replies */
        end(c);
}

static void accepted_cb(uv_timer_t *t)
{
    say(t->data, "250 2.0.0 taken\r\n");
}

static void stamp(const struct client *c)
{
    char line[LINE_MAX_BYTES + 32];
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    int n = snprintf(line, sizeof(line), "%lld %s\n",
                     (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000, c->to);
    if (write(file, line, (size_t)n) != n)
        abort();
}

static void whole_mail(struct client *c)
{
    stamp(c);
    c->in_data = false;
    if (delay_ms == 0)
        accepted_cb(&c->delay);
    else
        uv_timer_start(&c->delay, accepted_cb, (uint64_t)delay_ms, 0);
}

static void command(struct client *c)
{
    const char *l = c->line;

    if (strncasecmp(l, "RCPT TO:<", 9) == 0) {
        size_t n = strcspn(l + 9, ">");
        memcpy(c->to, l + 9, n);
        c->to[n] = '\0';
    }
    if (strncasecmp(l, "DATA", 4) == 0) {
        c->in_data = true;
        c->expected = END + 2;
        say(c, "354 go on\r\n");
    } else if (strncasecmp(l, "EHLO", 4) == 0) {
        say(c, "250-sink\r\n250 8BITMIME\r\n");
    } else if (strncasecmp(l, "QUIT", 4) == 0) {
        say(c, "221 bye\r\n");
        end(c);
    } else {
        say(c, "250 2.0.0 fine\r\n");
    }
}

static void take(struct client *c, char byte)
{
    if (c->in_data) {
        if (byte != *c->expected)
            c->expected = END;
        c->expected += byte == *c->expected;
        if (*c->expected == '\0')
            whole_mail(c);
        return;
    }
    if (byte != '\n' && c->len + 1 < sizeof(c->line)) {
        c->line[c->len++] = byte;
        return;
    }
    c->line[c->len] = '\0';
    c->len = 0;
    command(c);
}

static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    static char space[READ_BYTES];

    *buf = uv_buf_init(space, sizeof(space));
}

static void read_cb(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = s->data;

    for (ssize_t i = 0; i < n && !uv_is_closing((uv_handle_t *)s); i++)
        take(c, buf->base[i]);
    if (n < 0)
        end(c);
}

static void connect_cb(uv_stream_t *server, int status)
{
    struct client *c = mem_zalloc(sizeof(*c));

    uv_tcp_init(server->loop, &c->tcp);
    uv_timer_init(server->loop, &c->delay);
    c->tcp.data = c->delay.data = c;
    c->open = 2;
    if (status != 0 || uv_accept(server, (uv_stream_t *)&c->tcp) != 0) {
        end(c);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
    say(c, "220 sink ESMTP\r\n");
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in address;
    uv_tcp_t server;

    if (argc != 4) {
        fprintf(stderr, "usage: sink PORT DELAY_MS FILE\n");
        return 2;
    }
    delay_ms = atoi(argv[2]);
    file = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    uv_tcp_init(loop, &server);
    if (file < 0 || uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address) != 0 ||
        uv_tcp_bind(&server, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&server, BACKLOG, connect_cb) != 0) {
        perror("sink");
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
