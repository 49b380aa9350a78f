# SPDX-License-Identifier: Apache-2.0
# Allocations of what is linked statically are those of starve.h.
foreach(name malloc calloc realloc strdup strndup realpath opendir fdopendir)
    list(APPEND starve_wraps LINKER:--wrap=${name})
endforeach()
clambda_unit_test(starve_filter LINK mapping)
clambda_unit_test(starve_rules LINK mapping)
clambda_unit_test(starve_runtime LINK core)
clambda_unit_test(starve_sandbox LINK cmd deploy_parts)
clambda_unit_test(starve_simulate LINK simulate)
clambda_unit_test(starve_stream LINK mapping)
clambda_unit_test(starve_trace LINK report)
target_compile_definitions(test_starve_sandbox PRIVATE
    POLICY_PATH="${CMAKE_SOURCE_DIR}/sandbox/jail/lambda.policy")
foreach(name filter rules runtime sandbox simulate stream trace)
    target_link_options(test_starve_${name} PRIVATE ${starve_wraps})
endforeach()
