/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's second process, up to the exec of the program. */
#pragma once

#include "jail/build.h"

_Noreturn void program_main(struct build *b);
