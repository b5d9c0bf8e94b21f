import { type ResponseSigns, isFromConsul } from './is-from-consul.js';

const own = (status: number, text: string, more: Partial<ResponseSigns> = {}): boolean =>
  isFromConsul({ status, text, hasConsulHeader: false, isHtml: false, ...more });

describe('isConsulsOwn', () => {
  it.each([
    [200, '[]'],
    [400, 'Invalid Service name'],
    [401, 'ACL support disabled'],
    [403, 'Permission denied'],
    [403, 'rpc error making call: Permission denied'],
    [403, "Permission denied: token with AccessorID 'x' lacks permission 'service:write' on \"web\""],
    [403, 'ACL not found'],
    [403, 'Endpoint is blocked by agent configuration'],
    [403, 'Access is restricted'],
    [404, 'unknown service ID: web-1'],
    [404, 'Unknown check ID "service:r1". Ensure that the check ID is passed, not the check name.'],
    [404, "Session id '5b4' not found"],
    [409, '{"Errors":[]}'],
    [500, 'No cluster leader'],
  ])('accepts %i «%s» as a response of Consul', (status, text) => {
    expect(own(status, text)).toBe(true);
  });

  it.each([
    [302, ''],
    [400, '<html>400 Bad Request</html>'],
    [401, '401 Unauthorized'],
    [401, ''],
    [403, 'RBAC: access denied'],
    [403, '{"error":"permission denied"}'],
    [403, '\n<html>permission denied</html>'],
    [403, ''],
    [404, 'default backend - 404'],
    [404, '404 page not found\n'],
    [404, ''],
    [405, '<html>405 Not Allowed</html>'],
    [413, '<html>413 Request Entity Too Large</html>'],
    [503, '<html>503</html>'],
  ])('rejects %i «%s» as a response of something in front of Consul', (status, text) => {
    expect(own(status, text)).toBe(false);
  });

  it('accepts any message with a header of Consul, and rejects a page with any status', () => {
    expect(own(404, '', { hasConsulHeader: true })).toBe(true);
    expect(own(200, '<html>Sign in</html>', { isHtml: true })).toBe(false);
  });
});
