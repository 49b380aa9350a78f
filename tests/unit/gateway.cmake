# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(gateway LINK gateway_parts)
clambda_unit_test(gateway_front LINK gateway_parts)
