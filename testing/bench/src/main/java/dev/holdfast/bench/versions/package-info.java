/** The versions of grpc-java, Netty and protobuf that Holdfast works with, each tried as it is. */
@NullMarked
package dev.holdfast.bench.versions;

import org.jspecify.annotations.NullMarked;
