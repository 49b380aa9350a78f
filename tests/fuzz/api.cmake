# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(api LINK api ARGS -max_len=1200 -dict=api.dict)
