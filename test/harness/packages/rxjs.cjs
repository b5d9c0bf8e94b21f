module.exports = require('../../../node_modules/rxjs/dist/bundles/rxjs.umd.js');
