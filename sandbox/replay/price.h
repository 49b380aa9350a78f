/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda charges, as published: us-east-1, on demand, first tier, without what is free. */
#pragma once

#define PRICE_DATE             "2025"
#define PRICE_REGION           "us-east-1"
#define PRICE_GB_SECOND_X86_64 0.0000166667
#define PRICE_GB_SECOND_ARM64  0.0000133334
#define PRICE_REQUESTS         0.20 /* a million */
