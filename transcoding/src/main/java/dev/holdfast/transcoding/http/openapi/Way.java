package dev.holdfast.transcoding.http.openapi;

import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpTranscoder;

/**
 * One operation of a document.
 *
 * @param id different in one document: the method's name, for its first way without a number
 * @param served by which it is reached
 * @param httpMethod under which it is described
 * @param path of its template
 */
record Way(
    String id, HttpTranscoder served, HttpBinding binding, String httpMethod, PathText path) {}
