// CUDA's vector types, with its alignments (CUDA programming guide, "Built-in vector types").
#pragma once

#define MOONPOOL_VECTOR_TYPES(TYPE, NAME, ALIGN2, ALIGN4)                        \
  struct NAME##1 {                                                               \
    TYPE x;                                                                      \
  };                                                                             \
  struct alignas(ALIGN2) NAME##2 {                                               \
    TYPE x, y;                                                                   \
  };                                                                             \
  struct NAME##3 {                                                               \
    TYPE x, y, z;                                                                \
  };                                                                             \
  struct alignas(ALIGN4) NAME##4 {                                               \
    TYPE x, y, z, w;                                                             \
  };                                                                             \
  constexpr NAME##1 make_##NAME##1(TYPE x) { return {x}; }                       \
  constexpr NAME##2 make_##NAME##2(TYPE x, TYPE y) { return {x, y}; }            \
  constexpr NAME##3 make_##NAME##3(TYPE x, TYPE y, TYPE z) { return {x, y, z}; } \
  constexpr NAME##4 make_##NAME##4(TYPE x, TYPE y, TYPE z, TYPE w) { return {x, y, z, w}; }

MOONPOOL_VECTOR_TYPES(signed char, char, 2, 4)
MOONPOOL_VECTOR_TYPES(unsigned char, uchar, 2, 4)
MOONPOOL_VECTOR_TYPES(short, short, 4, 8)
MOONPOOL_VECTOR_TYPES(unsigned short, ushort, 4, 8)
MOONPOOL_VECTOR_TYPES(int, int, 8, 16)
MOONPOOL_VECTOR_TYPES(unsigned int, uint, 8, 16)
MOONPOOL_VECTOR_TYPES(long long, longlong, 16, 16)
MOONPOOL_VECTOR_TYPES(unsigned long long, ulonglong, 16, 16)
MOONPOOL_VECTOR_TYPES(float, float, 8, 16)
MOONPOOL_VECTOR_TYPES(double, double, 16, 16)
#undef MOONPOOL_VECTOR_TYPES

struct dim3 {
  unsigned int x = 1;
  unsigned int y = 1;
  unsigned int z = 1;

  constexpr dim3(unsigned int size_x = 1, unsigned int size_y = 1, unsigned int size_z = 1)
      : x(size_x), y(size_y), z(size_z) {}
  constexpr dim3(uint3 size) : x(size.x), y(size.y), z(size.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};
