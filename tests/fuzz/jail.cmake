# SPDX-License-Identifier: Apache-2.0
set(jail ../../sandbox/jail)
clambda_fuzzer(policy LINK base PkgConfig::seccomp
    SOURCES ${jail}/policy.c ${jail}/assemble.c ../unit/policy_model.c ../unit/bpf_machine.c
    SEEDS corpus/policy ARGS -max_len=1500 -dict=policy.dict)
target_include_directories(fuzz_policy PRIVATE ${CMAKE_SOURCE_DIR}/sandbox)
clambda_fuzzer(host LINK base
    SOURCES ${jail}/files.c ${jail}/limit.c ${jail}/mountinfo.c ${jail}/subids.c
    ARGS -max_len=1500 -dict=host.dict)
target_include_directories(fuzz_host PRIVATE ${CMAKE_SOURCE_DIR}/sandbox)
