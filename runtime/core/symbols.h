/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions for frames, out of the symbol tables of the files on disk: .symtab where a
 * file has one, so that static functions have names too, else .dynsym. Async-signal-safe; memory
 * that a crash may have spoilt is not read. */
#pragma once

#include "core/frames.h"

/* Fills name and offset of each frame that is inside of a named function of a file. */
void symbols_find(struct frames *f);
