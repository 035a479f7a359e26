/*
 * Memory. An allocation that fails ends the process with exit status 2 after one line on standard
 * error: everything that matters is in the database, every step of it is safe against a crash, and
 * the service manager starts us again. So no caller checks for NULL, and none of these return it.
 * Free with free(). Libraries that ask for memory themselves and are refused end the same way,
 * where they tell us (mem_exhausted).
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *mem_alloc(size_t size);                         /* not cleared */
void *mem_zalloc(size_t size);                        /* cleared */
void *mem_array(size_t count, size_t size);           /* cleared; count * size is checked */
void *mem_resize(void *p, size_t count, size_t size); /* like reallocarray */
char *mem_strdup(const char *s);                      /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
__attribute__((format(printf, 1, 2))) char *mem_printf(const char *fmt, ...);

/* Grow the array *p of `*cap` elements of `size` bytes so that `need` fit; doubles. */
void mem_grow(void *p, size_t *cap, size_t need, size_t size);

/* Give back to the system what was freed: after work that needed much memory for a moment. */
void mem_trim(void);

/* There is none left: the end of the process, for those who found out otherwise. */
__attribute__((noreturn)) void mem_exhausted(void);

/* Tests only: make the n-th allocation from now on, in whatever thread, fail (0: none). Returns how
 * many were left until the one that was to fail before. */
long mem_fail_at(long n);

#endif
