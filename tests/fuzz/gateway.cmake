# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(gateway LINK gateway_parts ARGS -max_len=600)
