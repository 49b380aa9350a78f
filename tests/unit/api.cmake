# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(api LINK api)
clambda_unit_test(api_body LINK api)
clambda_unit_test(api_peer LINK api)
