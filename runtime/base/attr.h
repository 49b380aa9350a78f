/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes, and locals that clean up after themselves.
 * Initialise an AUTO_ variable where it is declared; hand its value out with TAKE or TAKE_FD. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define ATTR_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define ATTR_NONNULL            __attribute__((nonnull))
#define ATTR_CHECK              __attribute__((warn_unused_result))
#define LIKELY(x)               __builtin_expect(!!(x), 1)
#define UNLIKELY(x)             __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a)            (sizeof(a) / sizeof *(a))

/* Frees the heap block that *p (a pointer to any object) points to. */
static inline void attr_free(void *p)
{
    void *block = *(void **)p;
    free(block);
}

/* Closes once and never again: after EINTR Linux has closed the descriptor already. */
static inline void attr_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void *attr_take(void *p)
{
    void *block = *(void **)p;
    *(void **)p = NULL;
    return block;
}

static inline int attr_take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#define AUTO_FREE   __attribute__((cleanup(attr_free)))
#define AUTO_FD     __attribute__((cleanup(attr_close)))
#define TAKE(p)     ((__typeof__(p))attr_take(&(p)))
#define TAKE_FD(fd) attr_take_fd(&(fd))
