// SPDX-License-Identifier: Apache-2.0
import express from 'express';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { portalFiles } from '../../../gateway/src/trustee/portalFiles';

const SCRIPT = 'export const answer = 42;\n'.repeat(100);
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'chartwitness-portal-files-'));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Portal</title>');
  writeFileSync(join(directory, 'assets/page-1.js'), SCRIPT);
  writeFileSync(join(directory, 'assets/page-1.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(directory, 'assets/page-1.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(directory, 'assets/old-1.js'), SCRIPT);
  writeFileSync(join(directory, 'assets/old-1.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(directory, 'assets/small-1.js'), 'export {};');
  writeFileSync(join(directory, 'secret.js.gz'), 'outside of assets');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const get = (path: string, encoding: string) =>
  request(express().use(portalFiles(directory)))
    .get(path)
    .set('Accept-Encoding', encoding)
    .set('Accept', 'text/html,*/*');

describe('a script of the portal', () => {
  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['br', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
  ])('is sent compressed to a browser that takes %s', async (accepted, coding) => {
    const response = await get('/assets/page-1.js', accepted)
      .buffer(true)
      .parse((message, done) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('end', () => {
          done(null, Buffer.concat(chunks).toString());
        });
      })
      .expect(200);
    expect(response.headers).toMatchObject({
      'content-encoding': coding,
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    expect(response.body).toBe(SCRIPT);
  });

  it('is sent in the form that there is', async () => {
    const { headers } = await get('/assets/old-1.js', 'gzip, br').expect(200);
    expect(headers['content-encoding']).toBe('gzip');
  });

  it('has an entity tag for each form', async () => {
    const tags = await Promise.all(
      ['br', 'gzip', 'identity'].map(async (coding) => {
        const { headers } = await get('/assets/page-1.js', coding).buffer(false);
        return headers['etag'] ?? '';
      }),
    );
    expect(new Set(tags).size).toBe(3);
    expect(tags).not.toContain('');
  });

  it.each(['identity', 'zstd', 'br;q=0, gzip;q=0'])(
    'is sent as it is to one that takes %s',
    async (encoding) => {
      const response = await get('/assets/page-1.js', encoding).expect(200);
      expect(response.headers).not.toHaveProperty('content-encoding');
      expect(response.headers['vary']).toBe('Accept-Encoding');
      expect(response.text).toBe(SCRIPT);
    },
  );

  it('is sent as it is where the build made no copy', async () => {
    const response = await get('/assets/small-1.js', 'gzip, br').expect(200);
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect(response.text).toBe('export {};');
  });

  it.each([
    '/assets/nothing.js',
    '/assets/../secret.js',
    '/assets/..%2fsecret.js',
    '/assets/%2e%2e/secret.js',
  ])('is not found at %s', async (path) => {
    const response = await get(path, 'gzip');
    expect(response.text).not.toContain('outside of assets');
    expect(response.headers).not.toHaveProperty('content-encoding');
  });
});
