# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(pattern LINK pattern)
