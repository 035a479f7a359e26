/*
 * The log: one key=value line per event on standard error, with a syslog priority in front when the
 * journal reads it. Ids, counts and names of rules and gateways only: never an address, a number, a
 * message's text or a secret. Writing never blocks sending: a line that does not fit into the pipe
 * is dropped and counted, and the count is told with the next line that fits.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Lines above `level` are left out; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* `event` is a short fixed phrase ("message sent"); `fmt` gives the key=value pairs after it, ""
 * for none. Write a value that may
 * contain a space as \"%s\". Safe from any thread. */
__attribute__((format(printf, 3, 4))) void log_write(enum log_level level, const char *event,
                                                     const char *fmt, ...);

#define log_error(event, ...) log_write(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_write(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...) log_write(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_write(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

#endif
