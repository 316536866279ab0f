# SPDX-License-Identifier: MIT
# Threads, an exception, sorting and arithmetic, in python.
import os
import sys
import threading
import time

results = []
threads = [threading.Thread(target=lambda i=i: results.append(sum(range(i * 1000)))) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results), sys.argv[1:], 3 ** 100, os.path.basename("/a/b"), time.time() > 0)
try:
    [][1]
except IndexError as error:
    print(error)
print(os.waitstatus_to_exitcode(os.system("exit 3")))
sys.exit(5)
