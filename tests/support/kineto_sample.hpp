// A PyTorch profile made up for tests.
#pragma once

#include <string>

namespace zettasim::test {

// A step of 1,000 us: a kernel of 200 us on stream 7, launched at 100 us; a sum over all ranks of 4,096 halves of 2 B on
// stream 24, launched at 120 us, which begins when the kernel ends and takes 100 us; a call that waits for both; a tail.
inline std::string kineto_sample() {
  return R"({"schemaVersion": 1, "distributedInfo": {"rank": 0, "world_size": 8}, "traceEvents": [
  {"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#3", "pid": 5, "tid": 5, "ts": 1000, "dur": 1000, "args": {}},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 5, "tid": 5, "ts": 1100, "dur": 10, "args": {"correlation": 1}},
  {"ph": "X", "cat": "kernel", "name": "ampere_gemm", "pid": 0, "tid": 7, "ts": 1112, "dur": 200, "args": {"stream": 7, "correlation": 1}},
  {"ph": "X", "cat": "user_annotation", "name": "nccl:all_reduce", "pid": 5, "tid": 5, "ts": 1115, "dur": 20, "args": {"Input Dims": [[4, 1024]], "Input type": ["c10::Half"]}},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernelExC", "pid": 5, "tid": 5, "ts": 1120, "dur": 10, "args": {"correlation": 2}},
  {"ph": "X", "cat": "kernel", "name": "ncclKernel_AllReduce_RING_LL_Sum_half", "pid": 0, "tid": 24, "ts": 1312, "dur": 100, "args": {"stream": 24, "correlation": 2}},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaDeviceSynchronize", "pid": 5, "tid": 5, "ts": 1130, "dur": 290, "args": {"correlation": 3}},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 5, "tid": 5, "ts": 2500, "dur": 10, "args": {"correlation": 4}},
  {"ph": "X", "cat": "kernel", "name": "late", "pid": 0, "tid": 7, "ts": 2520, "dur": 5, "args": {"stream": 7, "correlation": 4}}
]})";
}

}  // namespace zettasim::test
