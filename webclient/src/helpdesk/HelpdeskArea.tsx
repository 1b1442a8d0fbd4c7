import { lazy } from 'react';
import { Outlet, Route, Routes } from 'react-router';
import '../admin/admin.css';
import { NotFoundPage } from '../app/NotFoundPage';
import { Shell } from '../app/Shell';
import { FindPage } from './FindPage';
import './helpdesk.css';
import { PersonPage } from './PersonPage';

const WatchPage = lazy(() => import('../shadow/WatchPage'));

export default function HelpdeskArea() {
  return (
    <Routes>
      <Route path="watch/:sessionId/:shadowId" element={<WatchPage />} />
      <Route element={<Shell><Outlet /></Shell>}>
        <Route index element={<FindPage />} />
        <Route path=":username" element={<PersonPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
