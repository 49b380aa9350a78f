/* SPDX-License-Identifier: Apache-2.0 */
/* Why a host refuses user namespaces, or rights inside them. */
#pragma once

#include <stddef.h>

/* The setting that is in the way, and what helps; empty when none explains it. */
void refusal_explain(char *out, size_t size);

struct err;

/* Adds the explanation to an error of a step that was refused. */
void refusal_add(struct err *err);
