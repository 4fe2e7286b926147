/* What the bundle's programs are linked with where CUDA's libraries are not found: the few calls that
 * are made before it is known that CUDA cannot be used. cmake/scripts/bundle.sh adds all the other
 * functions' names; each of those returns 35, cudaErrorInsufficientDriver. */

int cudaGetDeviceCount(int *count) {
  *count = 0;
  return 35;
}

/* Not 0, which means that there is no driver: whether there is one, nobody knows here. */
int cudaDriverGetVersion(int *version) {
  *version = 1;
  return 0;
}

int cudaRuntimeGetVersion(int *version) {
  *version = 0;
  return 0;
}

const char *cudaGetErrorString(int error) {
  (void)error;
  return "the CUDA libraries were not found";
}

const char *cudaGetErrorName(int error) {
  (void)error;
  return "cudaErrorInsufficientDriver";
}
