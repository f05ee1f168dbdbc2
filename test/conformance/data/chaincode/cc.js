// Chaincode that provokes one ledger behaviour per function; plain shim, so that nothing stands between.
const { Contract } = require('fabric-contract-api');
const Across = require('./across');
const B = (s) => Buffer.from(s);
async function drain(x) {
  const it = x.iterator ?? x;
  const out = [];
  for (;;) {
    const r = await it.next();
    if (r.value) out.push([r.value.key, r.value.value.toString()]);
    if (r.done) {
      await it.close();
      return out;
    }
  }
}
class Oracle extends Contract {
  constructor() {
    super('oracle');
  }
  async put(ctx, k, v) {
    await ctx.stub.putState(k, B(v));
    return 'put';
  }
  async get(ctx, k) {
    return (await ctx.stub.getState(k)).toString();
  }
  async del(ctx, k) {
    await ctx.stub.deleteState(k);
  }
  async range(ctx, a, b) {
    return JSON.stringify(await drain(await ctx.stub.getStateByRange(a, b)));
  }
  async rangePut(ctx, a, b, k) {
    const r = await drain(await ctx.stub.getStateByRange(a, b));
    await ctx.stub.putState(k, B(String(r.length)));
    return String(r.length);
  }
  async page(ctx, a, b, n, mark) {
    const r = await ctx.stub.getStateByRangeWithPagination(a, b, Number(n), mark);
    return JSON.stringify({ rows: await drain(r.iterator), meta: r.metadata });
  }
  async pagePut(ctx, a, b) {
    await ctx.stub.putState('pp', B('1'));
    const r = await ctx.stub.getStateByRangeWithPagination(a, b, 2, '');
    return JSON.stringify(await drain(r.iterator));
  }
  async rmw(ctx, k) {
    const n = Number((await ctx.stub.getState(k)).toString() || '0') + 1;
    await ctx.stub.putState(k, B(String(n)));
    return String(n);
  }
  async composite(ctx, type, a, b) {
    const k = ctx.stub.createCompositeKey(type, [a, b]);
    await ctx.stub.putState(k, B(a + b));
    return k;
  }
  async compositeScan(ctx, type, a) {
    return JSON.stringify(await drain(await ctx.stub.getStateByPartialCompositeKey(type, a ? [a] : [])));
  }
  async fail(ctx, m) {
    throw new Error(m);
  }
  async failAfterPut(ctx, k) {
    await ctx.stub.putState(k, B('x'));
    throw new Error('after put');
  }
  async random(ctx, k) {
    await ctx.stub.putState(k, B(String(Math.random())));
    return String(Math.random());
  }
  async nothing() {
    return '';
  }
  async event(ctx, n, p) {
    ctx.stub.setEvent(n, B(p));
    await ctx.stub.putState('ev', B(p));
  }
  async twoEvents(ctx) {
    ctx.stub.setEvent('first', B('1'));
    ctx.stub.setEvent('second', B('2'));
    await ctx.stub.putState('ev', B('2'));
  }
  async readOwnWrite(ctx, k) {
    const before = (await ctx.stub.getState(k)).toString();
    await ctx.stub.putState(k, B('new'));
    return JSON.stringify([before, (await ctx.stub.getState(k)).toString()]);
  }
  async pvtPut(ctx, c, k) {
    await ctx.stub.putPrivateData(c, k, ctx.stub.getTransient().get('v'));
  }
  async pvtGet(ctx, c, k) {
    return (await ctx.stub.getPrivateData(c, k)).toString();
  }
  async pvtGetPut(ctx, c, k, pub) {
    const v = (await ctx.stub.getPrivateData(c, k)).toString();
    await ctx.stub.putState(pub, B('1'));
    return v;
  }
  async pvtHash(ctx, c, k) {
    return Buffer.from(await ctx.stub.getPrivateDataHash(c, k)).toString('hex');
  }
  async pvtDel(ctx, c, k) {
    await ctx.stub.deletePrivateData(c, k);
  }
  async pvtPurge(ctx, c, k) {
    await ctx.stub.purgePrivateData(c, k);
  }
  async pvtRange(ctx, c, a, b) {
    return JSON.stringify(await drain(await ctx.stub.getPrivateDataByRange(c, a, b)));
  }
  async history(ctx, k) {
    const it = await ctx.stub.getHistoryForKey(k);
    const out = [];
    for (;;) {
      const r = await it.next();
      if (r.value) out.push([r.value.isDelete, r.value.value.toString()]);
      if (r.done) {
        await it.close();
        return JSON.stringify(out);
      }
    }
  }
  async both(ctx, id) {
    const v = ctx.stub.getTransient().get('v');
    for (const m of ['Org1MSP', 'Org2MSP']) await ctx.stub.putPrivateData('_implicit_org_' + m, id, v);
    await ctx.stub.putState('b' + id, B('1'));
    ctx.stub.setEvent('Both', B(id));
    return id;
  }
  async who(ctx) {
    return JSON.stringify([ctx.clientIdentity.getMSPID(), ctx.clientIdentity.getID()]);
  }
  async when(ctx) {
    return ctx.stub.getDateTimestamp().toISOString();
  }
  async transientKeys(ctx) {
    return [...ctx.stub.getTransient().keys()].sort().join();
  }
  async args(ctx) {
    return JSON.stringify(ctx.stub.getArgs());
  }
  async big(ctx, n) {
    return 'x'.repeat(Number(n));
  }
  async slow(ctx, ms) {
    await new Promise((s) => setTimeout(s, Number(ms)));
    return 'slept';
  }
  async die() {
    setTimeout(() => process.exit(3), 1);
    await new Promise(() => {});
  }
}
module.exports.contracts = [Oracle, Across];
