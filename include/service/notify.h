/*
 * What the service manager is told (sd_notify): ready, reloading, stopping, a status line, and
 * that the loop is alive (the watchdog).
 */
#ifndef SERVICE_NOTIFY_H
#define SERVICE_NOTIFY_H

#include <stdint.h>

/* Each does nothing when no service manager asked to be told. The status is one line. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
__attribute__((format(printf, 1, 2))) void notify_status(const char *fmt, ...);
void notify_alive(void);

/* How often notify_alive is to be called; 0: the manager does not watch. */
int64_t notify_alive_every_ms(void);

#endif
