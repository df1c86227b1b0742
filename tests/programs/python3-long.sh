# shellcheck shell=bash
# The slow half of Python's regression tests: processes, pools, event loops, large objects.
#
# tier: all
# timeout: 1500
# packages: python3 libpython3.11-testsuite
# commands: python3

. "$here/python3.sh"

modules=(test_multiprocessing_fork test_multiprocessing_forkserver test_asyncio test_unicode
    test_decimal test_long test_set test_sort test_ast test_compile test_tarfile test_zipfile test_lzma
    test_hashlib test_ssl test_selectors test_signal test_os test_faulthandler
    test_embed test_exceptions test_generators test_coroutines test_collections test_functools
    test_enum test_inspect test_typing test_logging test_email test_shelve test_tracemalloc)
