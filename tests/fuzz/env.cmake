# SPDX-License-Identifier: Apache-2.0
clambda_fuzzer(options LINK env ARGS -max_len=1500 -dict=options.dict)
clambda_fuzzer(lines LINK env ARGS -max_len=600)
