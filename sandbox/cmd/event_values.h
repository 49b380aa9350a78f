/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE arguments of "clambda event", checked against a source's table. */
#pragma once

#include "cmd/event_source.h"

/* v is zeroed before. Its texts live as long as argv and until event_values_fini, which is called
 * after a failure too. -1 names the argument and what would be right. */
int event_values_read(const struct event_source *s, int argc, char **argv, struct event_values *v,
                      struct err *err) ATTR_CHECK;

void event_values_fini(struct event_values *v);

/* Whether given is likely to mean known: a beginning of it, or a slip away. */
bool event_resembles(const char *given, const char *known);
