/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, as one number. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Since an unknown beginning; never steps back. */
static inline int64_t clock_now_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

/* Since 1970. */
static inline int64_t clock_wall_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

static inline int64_t clock_wall_ms(void)
{
    return clock_wall_us() / 1000;
}
