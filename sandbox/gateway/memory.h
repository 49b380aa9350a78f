/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory the container may use. */
#pragma once

#include <stddef.h>

/* A control group's limit as its file has it, in whole MB; 0: none, or no number. Pure. */
unsigned memory_parse(const char *text);

/* The limit of the control group that is seen at root ("/sys/fs/cgroup"), of version 2 or 1, in
 * MB; 0: none. */
unsigned memory_limit(const char *root);
