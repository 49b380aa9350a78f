/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a command line as a shell takes them, for whoever wants to repeat it. */
#pragma once

#include "base/buf.h"

/* Appends one, with a blank before it unless it is the first. */
void word_add(struct buf *out, const char *word);
