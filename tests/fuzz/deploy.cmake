# SPDX-License-Identifier: Apache-2.0
if(FUZZ)
    clambda_fuzzer(elf LINK deploy_parts ARGS -max_len=8192)
    clambda_fuzzer(verdict LINK deploy_parts env ARGS -max_len=8192)
endif()
