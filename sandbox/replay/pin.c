/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/pin.h"

void pin_init(struct pin *p)
{
    p->count =
        sched_getaffinity(0, sizeof p->allowed, &p->allowed) == 0 ? CPU_COUNT(&p->allowed) : 0;
}

static void set(const cpu_set_t *cpus)
{
    if (sched_setaffinity(0, sizeof *cpus, cpus) < 0)
        return; /* the figures are noisier then, nothing else */
}

void pin_take(const struct pin *p, unsigned n)
{
    cpu_set_t one;
    int left = p->count ? (int)(n % (unsigned)p->count) : 0;
    if (p->count < 2)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &p->allowed) || left-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        set(&one);
        return;
    }
}

void pin_release(const struct pin *p)
{
    if (p->count > 1)
        set(&p->allowed);
}
